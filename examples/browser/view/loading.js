// Fetches the component and shows how much of it has arrived.

import { byId } from './dom.js';

/**
 * @param {string} name
 * @param {number} size The size of the file, without compression.
 * @param {(received: number, size: number) => void} tell
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function fetched(name, size, tell) {
  const response = await fetch(name);
  if (!response.ok || !response.body) throw new Error(`${name}: HTTP ${response.status}`);
  const reader = response.body.getReader();
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const pieces = [];
  let received = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    received += piece.value.length;
    tell(received, size);
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * @param {number} received
 * @param {number} size
 */
export function progress(received, size) {
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
