/* Fields with data-lookup="/grids/lookup/" search on the server while one types.
   The address answers {"items": [{"value": "...", "label": "..."}]} to ?q=. Without this script the
   field is an ordinary text field that takes a code or "code - label". */
(() => {
  'use strict';
  if (!window.TomSelect) return;

  /* The words come from the page, in its language. */
  const words = document.currentScript.dataset;

  const fetchItems = (address) => (query, done) => {
    const url = new URL(address, window.location.href);
    url.searchParams.set('q', query);
    fetch(url, { headers: { Accept: 'application/json' }, credentials: 'same-origin' })
      .then((answer) => (answer.ok ? answer.json() : { items: [] }))
      .then((found) => done(found.items))
      .catch(() => done());
  };

  document.querySelectorAll('[data-lookup]').forEach((field) => {
    /* Present values stand in the field as "key — label", several of them separated by ";". */
    const many = field.dataset.many !== undefined;
    const options = field.value.split(many ? /[;\uff1b]/ : /\u001f/).map((text) => text.trim()).filter(Boolean)
      .map((text) => text.split(/\s+\u2014\s+/))
      .map((parts) => ({ value: parts[0], label: parts.slice(1).join(' \u2014 ') || parts[0] }));
    field.value = options.map((option) => option.value).join(';');
    const select = new window.TomSelect(field, {
      valueField: 'value',
      labelField: 'label',
      searchField: [],
      options,
      items: options.map((option) => option.value),
      delimiter: many ? ';' : '\u001f',
      maxItems: many ? null : 1,
      maxOptions: 20,
      create: false,
      preload: 'focus',
      allowEmptyOption: false,
      closeAfterSelect: !many,
      plugins: many ? ['remove_button'] : [],
      load: fetchItems(field.dataset.lookup),
      render: {
        /* A code tells two places of one name apart; a plain row number tells nobody anything. */
        option: (data, escape) => `<div class="option">${escape(data.label)}${data.value.length > 8
          ? ` <span class="mute num">${escape(data.value)}</span>` : ''}</div>`,
        no_results: (data, escape) => `<div class="no-results">${escape(words.none || '')}</div>`,
        loading: (data, escape) => `<div class="no-results">${escape(words.wait || '')}</div>`,
      },
    });
    /* Results of the last word must not linger under the next one. */
    select.on('type', () => {
      Object.keys(select.options).forEach((key) => {
        if (!select.items.includes(key)) select.removeOption(key, true);
      });
    });
    /* The field itself stays for its value only; a link to it from the error summary leads to the search box. */
    field.setAttribute('aria-hidden', 'true');
    field.addEventListener('focus', () => select.focus());
    ['aria-describedby', 'aria-invalid', 'aria-required'].forEach((name) => {
      if (field.hasAttribute(name)) select.control_input.setAttribute(name, field.getAttribute(name));
    });
  });

  document.querySelectorAll('select[data-choose]').forEach((field) => {
    new window.TomSelect(field, { plugins: field.multiple ? ['remove_button'] : [], maxOptions: 500 });
  });
})();
