// Tests that pasted and dropped text is put into the right field.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { paste, shown, stage, values } from './stage.mjs';

let here;
before(async () => (here = await stage()));
after(() => here.close());

test('pasted and dropped text is put into the right field', async () => {
  const page = await here.open();
  await page.click('[data-sample="Signed, with keys"]');
  await page.waitForFunction(() => document.getElementById('keys').value);
  const texts = { ...(await values(page)), error: 'AADSTS700213: No matching federated identity record found' };
  await page.click('#clear');
  for (const text of Object.values(texts)) {
    await page.focus('#presented');
    await page.evaluate(() => document.getElementById('presented').select());
    await paste(page, text);
  }
  assert.deepEqual(await values(page), texts);
  const answer = await shown(page);
  await page.click('#clear');
  await page.evaluate((texts) => {
    const data = new DataTransfer();
    for (const [name, text] of Object.entries(texts)) data.items.add(new File([text], `${name}.txt`));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, texts);
  await page.waitForSelector('.verdict');
  assert.deepEqual(await values(page), texts);
  assert.deepEqual(await shown(page), answer);
  await page.close();
});
