import { claims } from '../node/dist/azure_oidc.js';

const [token, credentials, answer] = ['token', 'credentials', 'answer'].map((id) => document.getElementById(id));
document.addEventListener('input', () => {
  const now = BigInt(Math.floor(Date.now() / 1000));
  try {
    const { findings } = claims.check({ token: token.value, credentials: credentials.value, now });
    answer.textContent = findings.map((finding) => `${finding.severity}: ${finding.message}`).join('\n');
  } catch (error) {
    answer.textContent = error.payload?.message ?? String(error);
  }
});
