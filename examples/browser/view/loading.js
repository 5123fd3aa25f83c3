// Fetches the component, tells when its first part is there, and shows how much has arrived.

import { byId } from './dom.js';

/**
 * @param {string} name
 * @param {number} size Of the file, without compression.
 * @param {number} begin The size of its first part.
 * @returns {{ begun: Promise<Uint8Array<ArrayBuffer>>, whole: Promise<Uint8Array<ArrayBuffer>> }} The file when its first part has
 * arrived, and when it is there as a whole.
 */
export function fetched(name, size, begin) {
  const bytes = new Uint8Array(size);
  /** @type {(bytes: Uint8Array<ArrayBuffer>) => void} */
  let hasBegun = () => {};
  const whole = read();
  return { begun: Promise.race([new Promise((done) => (hasBegun = done)), whole]), whole };

  async function read() {
    const response = await fetch(name);
    if (!response.ok || !response.body) throw new Error(`${name}: HTTP ${response.status}`);
    const reader = response.body.getReader();
    let received = 0;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (received + piece.value.length > size) throw new Error(`${name} is larger than the page expects`);
      bytes.set(piece.value, received);
      received += piece.value.length;
      progress(received, size);
      if (received >= begin) hasBegun(bytes);
    }
    return bytes;
  }
}

/**
 * @param {number} received
 * @param {number} size
 */
function progress(received, size) {
  const percent = `${Math.min(100, Math.round((100 * received) / size))} %`;
  for (const bar of document.querySelectorAll('progress')) bar.value = Math.min(1, received / size);
  for (const text of document.querySelectorAll('.percent')) text.textContent = percent;
}

/** @param {Error} error */
export function failed(error) {
  for (const notice of document.querySelectorAll('.loading')) {
    notice.textContent = `The component could not be started: ${error.message}`;
    notice.classList.add('bad');
  }
}
