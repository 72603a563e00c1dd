/* Takes a suggested bound into its field at once, and words the road while it is typed.
   Without this script the same buttons ask the server. */
(() => {
  'use strict';
  const told = document.getElementById('taken');
  if (!told) return;

  document.addEventListener('click', (event) => {
    const button = event.target.closest('button[name="take"]');
    if (!button) return;
    event.preventDefault();
    const at = button.value.indexOf('|');
    const text = button.value.slice(at + 1);
    document.getElementById(`bound_${button.value.slice(0, at)}`).value = text;
    told.textContent = told.dataset.taken.replace('#', text);
  });

  document.querySelectorAll('.takes').forEach((list) => {
    const { side, pattern } = list.dataset;
    const road = document.getElementById(`road_${side}`);
    const label = document.getElementById(`side-${side}`).textContent;
    const offer = (text) => {
      const item = document.createElement('li');
      item.dataset.typed = '';
      const button = document.createElement('button');
      button.className = 'btn btn-sm';
      button.type = 'submit';
      button.name = 'take';
      button.value = `${side}|${text}`;
      button.textContent = `${label}${text}`;
      item.append(button);
      return item;
    };
    road.addEventListener('input', () => {
      list.querySelectorAll('[data-typed]').forEach((item) => item.remove());
      const text = road.value.trim();
      if (!text) return;
      const offers = [offer(text)];
      if (pattern) offers.unshift(offer(pattern.replace('#', text)));
      list.prepend(...offers);
    });
  });
})();
