/* Keeps a report on this telephone until the portal has it. What is typed outlives a closed browser
   (but not who reported it and how to reach them); what was sent without a connection waits in a
   queue and goes by itself. Each report has the key of its form, so whatever is tried twice arrives
   once. Photos do not fit into the queue: a report with photos is sent at once. A slip that was
   pasted is no draft: it can be pasted again. Without this script the form is sent like any other. */
(() => {
  'use strict';
  const form = document.querySelector('form[data-report]');
  const told = document.getElementById('told');
  if (!form || !told || !window.portalErrors) return;
  const words = told.dataset;
  const { account, session, origin } = form.dataset;
  const slip = 'slip' in form.dataset;
  // What was begun elsewhere is not mixed with what is found on a round.
  const DRAFT = `portal-report-draft-${account}${origin ? `-${origin}` : ''}`;
  const QUEUE = `portal-report-queue-${account}`;
  const PRIVATE = ['reporter_name', 'reporter_contact'];
  const OWN = ['csrf_token', 'once', 'row_version', ...PRIVATE]; // not part of what is kept
  const STAYING = ['grid', 'channel', 'found']; // of a form that came filled in, in the next one
  const OLD = 30 * 24 * 3600 * 1000;
  const PATIENCE = 20000;
  const AGAIN = 30000;
  const field = (name) => form.elements.namedItem(name);
  const errors = window.portalErrors(form, words);

  /* What is kept ---------------------------------------------------------------------------- */

  const read = (name) => {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch {
      return null;
    }
  };
  const write = (name, value) => {
    try {
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, JSON.stringify(value));
      return true;
    } catch {
      return false; // no room, or the browser keeps nothing
    }
  };
  const queue = () => read(QUEUE) || [];
  const drop = (key) => write(QUEUE, queue().filter((item) => item.key !== key));
  const secrets = new Map(); // what is private, by key, as long as the page is open
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(10))]
    .map((byte) => byte.toString(16).padStart(2, '0')).join('');

  const typed = () => {
    const values = {};
    const labels = {};
    const names = {};
    new FormData(form).forEach((value, name) => {
      if (typeof value !== 'string') return;
      if (PRIVATE.includes(name) && value) names[name] = value;
      if (!OWN.includes(name)) values[name] = value;
      const search = field(name).tomselect;
      if (search && value && search.options[value]) labels[name] = search.options[value].label;
    });
    return { values, labels, names };
  };
  const refusedBefore = document.getElementById('errors'); // then the form holds what was typed
  const emptied = ({ values, labels }) => ({
    values: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, STAYING.includes(name) ? value : '']),
    ),
    labels,
    names: {},
  });
  const empty = slip || refusedBefore ? emptied(typed()) : typed();
  const dirty = () => JSON.stringify(typed().values) !== JSON.stringify(empty.values)
    || Object.keys(typed().names).length > 0;

  const fill = ({ values, labels = {}, names = {}, more = false }) => {
    [...form.elements].forEach((one) => {
      if (!one.name || (OWN.includes(one.name) && !PRIVATE.includes(one.name))) return;
      const value = (PRIVATE.includes(one.name) ? names : values)[one.name] || '';
      if (one.type === 'checkbox' || one.type === 'radio') {
        one.checked = one.name in values && one.value === value;
      } else if (one.tomselect) {
        one.tomselect.clear(true);
        if (value) one.tomselect.addOption({ value, label: labels[one.name] || value });
        if (value) one.tomselect.addItem(value, true);
      } else {
        one.value = value;
      }
      const rest = one.closest('details');
      const typedHere = value && value !== (empty.values[one.name] || '');
      if (rest && (typedHere || (more && PRIVATE.includes(one.name)))) rest.open = true;
    });
  };

  let carried = false; // the form belongs to a report that may have arrived already
  let restored = false;
  const keep = () => {
    if (slip) return;
    const { values, labels, names } = typed();
    const draft = { values, labels, at: Date.now(), more: Object.keys(names).length > 0 };
    if (carried) draft.key = field('once').value;
    write(DRAFT, dirty() ? draft : null);
  };
  const begin = () => {
    carried = false;
    restored = false;
    fill(empty);
    field('once').value = newKey();
    if (!slip) write(DRAFT, null);
    document.querySelectorAll('[data-notes]').forEach((one) => one.remove());
  };

  /* What is missing, before anything is kept -------------------------------------------------- */

  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const note = (kind) => document.getElementById(`note-${kind}`).content.firstElementChild.cloneNode(true);

  const missing = () => {
    const found = {};
    if (!field('common').value && !field('category').value) found.common = [words.needCommon];
    if (!field('grid').value.trim()) found.grid = [words.needGrid];
    if (!field('summary').value.trim()) found.summary = [words.needSummary];
    return found;
  };

  /* Sending ----------------------------------------------------------------------------------- */

  let token = field('csrf_token').value;

  const ask = (options) => {
    const patience = new AbortController();
    setTimeout(() => patience.abort(), PATIENCE);
    return fetch(form.action, { credentials: 'same-origin', signal: patience.signal, ...options });
  };

  /* The token of the page may be too old by now, or of a session that ended. */
  const renewed = async () => {
    const answer = await ask({ headers: { Accept: 'text/html' } });
    if (answer.status >= 500) throw new Error('later');
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const again = page.querySelector('form[data-report]');
    if (!again || again.dataset.account !== account) return false;
    token = again.querySelector('[name=csrf_token]').value;
    field('csrf_token').value = token;
    return true;
  };

  const judged = async (answer) => {
    const json = (answer.headers.get('Content-Type') || '').includes('json');
    if (json && answer.status === 201) return { how: 'sent', ...await answer.json() };
    if (json && answer.status === 400) return { how: 'refused', ...await answer.json() };
    if (answer.redirected || answer.status === 400) return { how: 'out' };
    return { how: answer.status >= 500 || answer.status === 429 ? 'kept' : 'else' };
  };

  const post = async (item) => {
    const names = secrets.get(item.key) || {};
    const answer = await ask({
      method: 'POST',
      headers: { Accept: 'application/json' },
      body: new URLSearchParams({ ...item.values, ...names, once: item.key, csrf_token: token }),
    });
    const result = await judged(answer);
    return result.how === 'else' ? { how: 'refused', errors: { '': [words.refused] } } : result;
  };

  const send = async (item) => {
    try {
      const first = await post(item);
      if (first.how !== 'out' || !await renewed()) return first;
      return await post(item);
    } catch {
      return { how: 'kept' };
    }
  };

  const sent = [];
  let sending = false;
  let direct = ''; // of the report with photos: nothing, "sending", or why it could not be sent
  let why = 'kept';
  let timer = 0;
  // Written without a connection, it goes by itself in the session in which the form was opened last.
  const waits = (item) => !item.errors && (!item.more || secrets.has(item.key))
    && (!item.session || item.session === session);

  const flush = async () => {
    if (sending) return;
    clearTimeout(timer);
    sending = true;
    show();
    for (let item = queue().find(waits); item; item = queue().find(waits)) {
      const result = await send(item); // one after the other
      if (result.how === 'kept' || result.how === 'out') {
        why = result.how;
        break;
      }
      if (result.how === 'sent') {
        drop(item.key);
        secrets.delete(item.key);
        sent.unshift(result);
      } else if (!refused({ ...item, errors: result.errors })) {
        break;
      }
    }
    sending = false;
    show();
    if (why === 'kept' && queue().some(waits)) timer = setTimeout(flush, AGAIN);
  };

  const refused = (item) => {
    const clean = !dirty();
    // Where no draft is kept it stays in the queue, held back.
    if ((slip || !clean)
      && !write(QUEUE, queue().map((one) => (one.key === item.key ? item : one)))) return false;
    if (clean) takeBack(item);
    return true;
  };

  const enqueue = (more = {}) => {
    const { values, labels, names } = typed();
    const key = field('once').value;
    const item = { key, values, labels, at: Date.now(), more: Object.keys(names).length > 0, ...more };
    secrets.set(key, names);
    return write(QUEUE, [...queue().filter((one) => one.key !== key), item]);
  };

  /* Back into the form; what stands there meanwhile is set aside. */
  const takeBack = (item) => {
    if (dirty() && !enqueue({ errors: {} })) return;
    errors.clear();
    fill({ ...item, names: secrets.get(item.key) });
    field('once').value = item.key;
    carried = true;
    restored = false;
    keep();
    if (!slip) drop(item.key);
    if (item.errors && Object.keys(item.errors).length) errors.show(item.errors);
    show();
  };

  /* What the page says ------------------------------------------------------------------------ */

  const button = (text, act) => {
    const made = element('button', text, 'btn btn-sm');
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  };
  const say = (kind, text, items = [], acts = []) => {
    const box = note(kind);
    const inside = box.querySelector('div');
    const list = element('ul');
    inside.append(element('p', text));
    items.forEach((item) => list.append(element('li', item.values.summary)));
    if (items.length) inside.append(list);
    const row = element('div', '', 'acts');
    row.append(...acts);
    if (acts.length) inside.append(row);
    told.append(box);
    return inside.querySelector('p');
  };

  const saySent = ({ number, url, state }) => {
    const line = say('good', '');
    const sentence = (url.startsWith('/work-orders/') && (state === 'closed' ? words.settled : words.sent)) || words.passed;
    const [before, after] = sentence.split('#');
    const link = element('a', number);
    link.href = url;
    line.append(before, link, after);
  };

  const show = () => {
    const all = queue();
    const waiting = all.filter(waits);
    told.textContent = '';
    sent.forEach(saySent);
    if (direct) say(direct === 'sending' ? 'info' : 'late', words[direct]);
    if (waiting.length && sending) say('info', words.sending, waiting);
    else if (waiting.length) {
      const login = element('a', words.login, 'btn btn-sm');
      login.href = words.loginUrl;
      say('warn', words[why], waiting, why === 'out' ? [login] : [button(words.now, flush)]);
    }
    all.filter((item) => !waits(item)).forEach((item) => {
      const lost = item.more && !secrets.has(item.key) && !item.errors;
      say('late', lost ? words.lost : words.held, [item], [
        button(words.open, () => takeBack(item)),
        button(words.discard, () => { drop(item.key); show(); }),
      ]);
    });
    if (restored) {
      const text = restored.more ? `${words.still} ${words.private}` : words.still;
      say('info', text, [], [button(words.discard, () => { begin(); errors.clear(); show(); })]);
    }
  };

  const files = () => [...form.querySelectorAll('input[type=file]')].some((one) => one.files.length);

  /* With photos: at once, and the page of the order says the rest. What is no answer to a script
     (a file too large, the sign-in page) the browser shows itself, by sending the form again. */
  const sendNow = async () => {
    const attempt = async () => judged(await fetch(form.action, {
      method: 'POST', credentials: 'same-origin', headers: { Accept: 'application/json' }, body: new FormData(form),
    }));
    direct = 'sending'; // however long the photos take
    errors.clear();
    show();
    try {
      let result = await attempt();
      if (result.how === 'out' && await renewed()) result = await attempt();
      if (result.how === 'sent') {
        if (!slip) write(DRAFT, null);
        window.location.assign(result.url);
      } else if (result.how === 'refused') {
        direct = '';
        show();
        errors.show(result.errors);
      } else {
        form.submit();
      }
    } catch {
      direct = 'photos';
      show();
      told.focus();
    }
  };

  form.addEventListener('submit', (event) => {
    const wrong = missing();
    const stop = () => {
      event.preventDefault();
      event.stopPropagation(); // the script of every page would block the second report of this one
    };
    if (direct === 'sending') {
      stop();
    } else if (Object.keys(wrong).length) {
      stop();
      errors.show(wrong);
    } else if (files()) {
      stop();
      sendNow();
    } else if (enqueue()) {
      stop();
      begin();
      errors.clear();
      const rest = form.querySelector('details');
      if (rest) rest.open = false;
      if (sending) show();
      else flush();
      told.focus();
      told.scrollIntoView({ block: 'center' });
    } // else nothing can be kept here: it is sent as without this script
  });
  ['input', 'change'].forEach((name) => form.addEventListener(name, keep));
  window.addEventListener('pageshow', () => { direct = ''; show(); }); // back from the page of the order
  window.addEventListener('online', flush);
  window.addEventListener('storage', (event) => { if (event.key === QUEUE && !sending) show(); });

  /* Where there is no connection the service worker opens an empty form (offline.js). It needs what
     can be chosen and in whose name it waits, and shows nothing of it. */
  const offer = () => {
    const groups = [...field('common').querySelectorAll('optgroup')].map((one) => (
      { label: one.label, options: [...one.children].map(({ value, text }) => [value, text]) }
    ));
    const { grid, channel } = empty.values;
    write('portal-report-form', { account, session, groups, values: { grid, channel }, at: Date.now() });
    if (!navigator.serviceWorker) return;
    navigator.serviceWorker.register(words.worker, { scope: '/matters/report' }).catch(() => {});
  };
  // What a round, a slip or a link filled in is not where the next report comes from.
  if (!refusedBefore && !slip && !origin && !window.location.search) offer();

  const draft = slip || refusedBefore ? null : read(DRAFT);
  if (draft && Date.now() - draft.at < OLD) {
    fill(draft);
    restored = draft;
    if (draft.key) {
      field('once').value = draft.key;
      carried = true;
    }
  }
  flush();
})();
