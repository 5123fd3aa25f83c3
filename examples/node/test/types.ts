// Compiled but not run: checks the types that jco generates from the WIT.
import { claims, exchange } from 'azure-oidc-example';

export function explain(token: string, credentials: string): string[] {
  const verdict = claims.check({ token, credentials, now: 0n });
  const outcome: 'match' | 'no-match' | 'invalid-token' = verdict.outcome;
  return verdict.findings.map((finding) => `${outcome} ${finding.code} ${finding.position ?? ''}`);
}

export function trade(idToken: string): bigint[] {
  const request: exchange.ExchangeRequest = { idToken, tenantId: 'contoso.example', clientId: 'x', scopes: ['arm'] };
  return exchange.exchange(request).map((token) => token.expiresOn);
}

// @ts-expect-error Times are 64-bit integers, and so BigInt.
claims.check({ token: '', credentials: '', now: 0 });
