// Shows a part of the page again without moving the keyboard's focus in it and without closing what is open.

/**
 * @param {HTMLElement} area
 * @param {() => void} show Replaces the contents of the area by contents of the same form.
 */
export function keepingFocus(area, show) {
  const controls = () => Array.from(area.querySelectorAll('button, input, summary, pre'));
  const index = document.activeElement ? controls().indexOf(document.activeElement) : -1;
  const opened = Array.from(area.querySelectorAll('details'), (one) => one.open);
  show();
  area.querySelectorAll('details').forEach((one, at) => (one.open = opened[at] ?? one.open));
  const control = controls()[index];
  // Of two radio buttons the chosen one gets the focus.
  const chosen = control instanceof HTMLInputElement ? control.closest('fieldset')?.querySelector('input:checked') : control;
  if (chosen instanceof HTMLElement) chosen.focus({ preventScroll: true });
}
