// Takes the screenshot of the README: picture.mjs FILE
import { stage } from './stage.mjs';

const [file] = process.argv.slice(2);
const here = await stage();
try {
  const page = await here.open({ width: 1240, height: 850 });
  await page.click('[data-sample="GitHub Actions"]');
  await page.evaluate(() => (document.activeElement.blur(), scrollTo(0, 0)));
  await page.screenshot({ path: file });
} finally {
  await here.close();
}
