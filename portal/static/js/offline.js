/* The shell of the report form without a connection. It knows who opened the form last on this
   telephone and what they can choose, shows nothing of anybody, and puts what is written into that
   account's queue; report.js sends it when that account opens the form in the same session. */
(() => {
  'use strict';
  const form = document.getElementById('offline');
  const told = document.getElementById('told');
  if (!form || !told) return;
  const FORM = '/matters/report';
  const AGAIN = 5000;
  const OLD = 30 * 24 * 3600 * 1000;
  const words = told.dataset;
  const field = (name) => form.elements.namedItem(name);

  const read = (name) => {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch {
      return null;
    }
  };

  const say = (kind, text, link) => {
    const box = document.getElementById(`note-${kind}`).content.firstElementChild.cloneNode(true);
    const line = document.createElement('p');
    line.textContent = text;
    if (link) {
      const made = document.createElement('a');
      made.className = 'btn btn-sm';
      made.href = FORM;
      made.textContent = words.go;
      line.append(' ', made);
    }
    box.querySelector('div').append(line);
    told.replaceChildren(box);
  };

  const known = read('portal-report-form');
  if (!known || Date.now() - known.at > OLD) {
    say('warn', words.unknown, true);
    return;
  }
  known.groups.forEach(({ label, options }) => {
    const group = document.createElement('optgroup');
    group.label = label;
    options.forEach(([value, name]) => group.append(new Option(name, value)));
    field('common').append(group);
  });
  const where = document.getElementById('where');
  where.hidden = Boolean(known.values.grid);
  form.hidden = false;

  const key = () => [...crypto.getRandomValues(new Uint8Array(10))]
    .map((byte) => byte.toString(16).padStart(2, '0')).join('');

  const keep = () => {
    const queue = `portal-report-queue-${known.account}`;
    const values = { ...known.values };
    ['common', 'summary', 'place', 'detail'].forEach((name) => { values[name] = field(name).value.trim(); });
    if (!values.grid) values.grid = field('grid').value.trim();
    const item = { key: key(), values, labels: {}, at: Date.now(), more: false, session: known.session };
    try {
      localStorage.setItem(queue, JSON.stringify([...(read(queue) || []), item]));
      return true;
    } catch {
      return false;
    }
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    event.stopPropagation();
    const needed = where.hidden ? ['common', 'summary'] : ['common', 'grid', 'summary'];
    const wrong = needed.find((name) => !field(name).value.trim());
    if (wrong) {
      say('late', where.hidden ? words.missing : words.missingWhere);
      field(wrong).focus();
      return;
    }
    if (!keep()) {
      say('late', words.full);
      return;
    }
    form.reset();
    say('good', words.kept);
    told.focus();
    announced = false;
    look();
  });

  const written = () => ['summary', 'place', 'detail'].some((name) => field(name).value.trim());
  let announced = false;
  const again = () => {
    if (!written()) window.location.replace(FORM); // the form itself, which sends what waits
    else if (!announced) say('good', words.again, true);
    announced = true;
  };
  /* A browser that says it is connected may still reach nothing. */
  const look = async () => {
    try {
      const answer = await fetch('/healthz', { cache: 'no-store' });
      if (answer.ok) again();
    } catch {
      // not yet
    }
  };
  window.addEventListener('online', look);
  setInterval(look, AGAIN);
})();
