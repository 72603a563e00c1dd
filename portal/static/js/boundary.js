/* The page of a boundary: the map with its corners, the check after each change, text and form.
   The server checks again when the form is sent; without this script text and buttons do the same. */
(() => {
  'use strict';
  const box = document.getElementById('editor');
  if (!box || !window.GridCorners) return;
  const { L } = window;
  const words = box.dataset;
  const canvas = document.getElementById('canvas');
  const text = document.getElementById('geometry');
  const follow = document.getElementById('follow');
  const system = document.getElementById('system');
  const state = document.getElementById('state');
  const area = document.getElementById('area');
  const hint = document.getElementById('hint');
  const snap = document.getElementById('snap');
  const stored = document.getElementById('stored').content.textContent.trim();
  const headings = document.getElementById('words').content;
  const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  const button = (name) => box.querySelector(`[data-do="${name}"]`);
  const read = (source) => { try { return JSON.parse(source); } catch { return null; } };
  const own = read(stored);
  const PICKED = ['remove', 'north', 'south', 'east', 'west', 'pull'];

  const element = (tag, content, name) => {
    const made = document.createElement(tag);
    if (content) made.textContent = content;
    if (name) made.className = name;
    return made;
  };

  document.getElementById('as-text').open = Boolean(document.querySelector('#as-text .err'));
  canvas.hidden = false;
  box.classList.add('live');
  const map = L.map(canvas, {
    zoomControl: false,
    attributionControl: Boolean(words.tiles),
    zoomSnap: 0.25,
    maxZoom: 22,
    zoomAnimation: !still,
    fadeAnimation: !still,
    markerZoomAnimation: !still,
    inertia: !still,
  });
  L.control.zoom({ zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (words.tiles) {
    map.attributionControl.setPrefix(false);
    const tiles = L.tileLayer(words.tiles, { attribution: words.tilesNote, maxZoom: 22 });
    L.control.layers(null, { [words.layer]: tiles }).addTo(map);
  }
  map.setView([30, 114], 15);
  const around = L.layerGroup().addTo(map);
  const moved = L.layerGroup().addTo(map);
  const wrong = L.layerGroup().addTo(map);
  let timer = 0;
  let asked = null;
  let rest = null;

  const corners = new window.GridCorners(map, {
    corner: words.corner,
    between: words.between,
    snapped: words.snapped,
    many: words.many,
    few: words.few,
    snapping: () => snap.checked,
    hint: (told) => { if (hint.textContent !== told) hint.textContent = told; },
    picked: (at) => PICKED.forEach((name) => { button(name).disabled = !at; }),
    drawn: () => { button('finish').hidden = true; canvas.classList.remove('drawing'); },
    changed: (live) => changed(live),
  });

  const fit = () => {
    const bounds = corners.parts.length ? corners.shape.getBounds() : around.getLayers().reduce(
      (whole, layer) => whole.extend(layer.getBounds()), L.latLngBounds([]));
    if (bounds.isValid()) map.fitBounds(bounds.pad(0.15), { animate: false });
  };

  const history = () => {
    button('undo').disabled = !corners.past.length;
    button('redo').disabled = !corners.future.length;
  };

  function changed(live) {
    const geometry = corners.geometry();
    text.value = geometry ? JSON.stringify(geometry) : '';
    system.value = 'wgs84';
    history();
    window.clearTimeout(timer);
    timer = window.setTimeout(check, live ? 350 : 120);
  }

  const label = (layer, told) => layer.bindTooltip(element('span', told), { permanent: true, direction: 'center', className: 'bad' });

  const lists = (found) => {
    const parts = [];
    const list = (items, name, tone) => {
      const made = element('ul', '', name);
      items.forEach((one) => {
        const row = element('li');
        if (tone) row.append(element('span', one.short, `tag ${tone}`), ' ', one.message);
        else row.append(`${one.name} `, element('span', one.told, 'num'));
        made.append(row);
      });
      return made;
    };
    if (found.message) parts.push(element('p', found.message, 'fw'));
    if (found.findings.length) {
      const made = list(found.findings, 'edlist bad', 'late');
      made.id = 'findings';
      parts.push(made);
    } else if (found.ok) parts.push(element('p', found.changes.length ? words.fine : words.same));
    ['known', 'changes'].forEach((name) => {
      if (!found[name].length) return;
      parts.push(headings.querySelector(`[data-part="${name}"]`).cloneNode(true));
      parts.push(list(found[name], 'edlist', name === 'known' ? 'warn' : ''));
    });
    return parts;
  };

  const show = (found) => {
    area.textContent = found.area;
    wrong.clearLayers();
    moved.clearLayers();
    found.findings.forEach((one) => {
      if (!one.geometry) return;
      const shape = L.geoJSON(one.geometry, { style: { color: '#a3140d', weight: 3, dashArray: '4 3', fillColor: '#a3140d', fillOpacity: 0.35 }, interactive: false });
      label(shape, one.short).addTo(wrong);
    });
    found.changes.filter((one) => !one.own).forEach((one) => {
      L.geoJSON(one.geometry, { style: { color: '#0b6f66', weight: 3, dashArray: '10 6', fill: false }, interactive: false }).addTo(moved);
    });
    state.replaceChildren(...lists(found));
    box.dataset.checked = String(Number(box.dataset.checked || 0) + 1);
  };

  function check() {
    const geometry = corners.geometry();
    if (asked) asked.abort();
    if (!geometry) { state.replaceChildren(); wrong.clearLayers(); moved.clearLayers(); area.textContent = ''; return; }
    asked = new AbortController();
    hint.dataset.busy = words.checking;
    fetch(words.check, {
      method: 'POST',
      credentials: 'same-origin',
      signal: asked.signal,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': words.token },
      body: JSON.stringify({ geometry, follow: follow.checked }),
    }).then((answer) => answer.json().then((found) => ({ answer, found })))
      .then(({ answer, found }) => {
        if (answer.ok) { show(found); return; }
        wrong.clearLayers();
        moved.clearLayers();
        state.replaceChildren(element('p', found.message || words.away));
      })
      .catch((error) => { if (error.name !== 'AbortError') state.replaceChildren(element('p', words.away)); });
  }

  const looks = {
    above: { color: '#33302b', weight: 5, fill: false },
    beside: { color: '#6f675b', weight: 2, fillColor: '#d5e4ef', fillOpacity: 0.6 },
    below: { color: '#6f675b', weight: 1.5, dashArray: '3 5', fill: false },
  };

  const place = (found) => {
    found.features.forEach((one) => {
      const { name, role } = one.properties;
      if (role === 'rest') { rest = one.geometry; button('rest').hidden = false; return; }
      const layer = L.geoJSON(one, { style: looks[role], interactive: false }).addTo(around);
      if (role === 'beside') layer.bindTooltip(element('span', name), { permanent: true, direction: 'center', className: 'on' });
      const parts = one.geometry.type === 'Polygon' ? [one.geometry.coordinates] : one.geometry.coordinates;
      corners.targets.push({ name, rings: parts.flat() });
    });
    fit();
    corners.shape.bringToFront();
    box.dataset.ready = '1';
  };

  const act = {
    undo: () => corners.back(),
    redo: () => corners.forth(),
    remove: () => corners.remove(),
    north: () => corners.nudge(0, 1),
    south: () => corners.nudge(0, -1),
    east: () => corners.nudge(1, 0),
    west: () => corners.nudge(-1, 0),
    pull: () => corners.pull(),
    draw: () => { corners.draw(); button('finish').hidden = false; canvas.classList.add('drawing'); hint.textContent = words.start; },
    finish: () => corners.finish(),
    rest: () => { corners.load(rest, true); changed(false); fit(); },
    reset: () => { if (corners.drawing) corners.stop(); corners.load(own, true); changed(false); },
  };
  box.addEventListener('click', (event) => {
    const pressed = event.target.closest('[data-do]');
    if (pressed && act[pressed.dataset.do]) act[pressed.dataset.do]();
  });
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && corners.drawing) corners.stop();
    if (!(event.ctrlKey || event.metaKey)) return;
    if (event.key === 'z' && !event.shiftKey) { event.preventDefault(); corners.back(); }
    if (event.key === 'y' || (event.key === 'z' && event.shiftKey)) { event.preventDefault(); corners.forth(); }
  });
  follow.addEventListener('change', check);
  text.addEventListener('change', () => {
    const typed = read(text.value);
    if (!typed || system.value !== 'wgs84') return;
    try {
      corners.load(typed, true);
      history();
      fit();
      check();
    } catch { hint.textContent = ''; }
  });

  const first = read(text.value) || own;
  try { corners.load(first, false); } catch { corners.load(own, false); }
  fetch(words.around, { credentials: 'same-origin', headers: { Accept: 'application/geo+json' } })
    .then((answer) => answer.json())
    .then(place)
    .catch(fit);
  if (first && JSON.stringify(first) !== JSON.stringify(own)) check();
  else fit();
})();
