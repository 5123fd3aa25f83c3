// Prints the time until the first verdict, and the time of a change with 20 credentials. It is not a test.
import { stage } from './stage.mjs';

const ROUNDS = 50;
const here = await stage();
try {
  const first = [];
  for (let round = 0; round < 5; round++) {
    const page = await here.open({ now: null });
    await page.click('[data-sample="GitHub Actions"]');
    // From the start of the navigation to the first visible verdict. The click follows at once, as no user would.
    first.push(
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))),
    );
    await page.context().close();
  }
  const page = await here.open({ now: null });
  await page.click('[data-sample="GitHub Actions"]');
  const again = await page.evaluate((rounds) => {
    const [one] = JSON.parse(document.getElementById('credentials').value);
    const many = Array.from({ length: 20 }, (_, index) => ({ ...one, name: `n${index}`, subject: `${one.subject}-${index}` }));
    const field = document.getElementById('credentials');
    const times = Array.from({ length: rounds }, (_, round) => {
      field.value = JSON.stringify(many) + ' '.repeat(round);
      const start = performance.now();
      field.dispatchEvent(new Event('input'));
      document.body.getBoundingClientRect();
      return performance.now() - start;
    });
    return times.sort((one, other) => one - other);
  }, ROUNDS);
  first.sort((one, other) => one - other);
  console.log(`first verdict: ${first[2].toFixed(0)} ms after the navigation began, median of 5 cold browsers' pages`);
  console.log(
    `each change, 20 credentials, layout included: ${again[ROUNDS / 2].toFixed(1)} ms, slowest of ${ROUNDS} ${again[ROUNDS - 1].toFixed(1)} ms`,
  );
} finally {
  await here.close();
}
