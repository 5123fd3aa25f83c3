// Tabs with keyboard support: arrow keys choose a tab, the Tab key moves into its panel.

/**
 * @param {HTMLElement[]} tabs
 * @param {(index: number) => void} chosen
 */
export function tabs(tabs, chosen) {
  tabs.forEach((tab, index) => {
    tab.addEventListener('click', () => choose(index));
    tab.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const to =
        event.key === 'Home' ? 0 : event.key === 'End' ? tabs.length - 1 : step && (index + step + tabs.length) % tabs.length;
      if (to === undefined) return;
      event.preventDefault();
      choose(to);
      tabs[to].focus();
    });
  });

  /** @param {number} index */
  function choose(index) {
    tabs.forEach((tab, other) => {
      tab.setAttribute('aria-selected', String(other === index));
      tab.tabIndex = other === index ? 0 : -1;
    });
    chosen(index);
  }
}
