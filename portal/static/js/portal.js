/* What scripts add to every page: nothing here is needed to get work done. */
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('js');

  /* Small panels close when one clicks elsewhere or presses Escape. */
  const panels = () => document.querySelectorAll('details.pop[open]');
  document.addEventListener('click', (event) => {
    panels().forEach((panel) => {
      if (!panel.contains(event.target)) panel.open = false;
    });
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    panels().forEach((panel) => {
      panel.open = false;
      panel.querySelector('summary').focus();
    });
  });

  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-print]')) window.print();
  });

  /* A second click on "Save" does nothing; the server refuses repeats as well. */
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post') return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = '1';
    form.querySelectorAll('button[type=submit], button:not([type])').forEach((button) => {
      button.setAttribute('aria-disabled', 'true');
    });
  });
  /* Coming back with the browser's own button shows the form as it was: let it be sent again. */
  window.addEventListener('pageshow', () => {
    document.querySelectorAll('form[data-sent]').forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll('[aria-disabled]').forEach((button) => button.removeAttribute('aria-disabled'));
    });
  });

  /* A changed choice applies at once; empty fields stay out of the address. */
  document.querySelectorAll('form[data-filter]').forEach((form) => {
    form.addEventListener('change', (event) => {
      if (event.target.matches('select, [data-lookup], input[type=checkbox]')) form.requestSubmit();
    });
    form.addEventListener('submit', () => {
      form.querySelectorAll('input[name], select[name]').forEach((field) => {
        if (!field.value) field.disabled = true;
      });
    });
  });
  window.addEventListener('pageshow', () => {
    document.querySelectorAll('form[data-filter] :disabled').forEach((field) => { field.disabled = false; });
  });

  /* After a refused form, reading starts at the summary of what is wrong. */
  const summary = document.getElementById('errors');
  if (summary) summary.focus();
})();
