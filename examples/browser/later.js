// What the page needs only when the whole component is there.

import { samples } from './samples.js';

export { auditor } from './audit.js';
export { generator } from './generator.js';
export { listSamples } from './view/samples.js';

/** The rows of the samples. */
export const rows = await samples();
