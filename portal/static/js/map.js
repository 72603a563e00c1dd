/* Lays a map one can move about in over the drawing of the server, and ties it to the list beside
   it. Everything it shows stands on the page already; without it nothing is missing. */
(() => {
  'use strict';
  const box = document.querySelector('[data-map]');
  if (!box || !window.L) return;
  const { L } = window;
  const words = box.dataset;
  const list = document.getElementById(words.list);
  const rows = new Map();
  if (list) list.querySelectorAll('li[data-code]').forEach((row) => rows.set(row.dataset.code, row));
  const notes = new Map();
  document.querySelectorAll('li[data-finding]').forEach((row) => notes.set(row.dataset.finding, row));
  const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  const layers = new Map();
  const labels = new Map();
  const marks = new Map();
  let map;

  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (name) made.className = name;
    return made;
  };

  const open = () => {
    box.hidden = false;
    box.parentNode.classList.add('live');
    map = L.map(box, {
      zoomControl: false,
      attributionControl: Boolean(words.tiles),
      zoomSnap: 0.25,
      zoomAnimation: !still,
      fadeAnimation: !still,
      markerZoomAnimation: !still,
      inertia: !still,
    });
    L.control.zoom({ zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    if (words.tiles) {
      map.attributionControl.setPrefix(false);
      const tiles = L.tileLayer(words.tiles, { attribution: words.tilesNote, maxZoom: 20 });
      L.control.layers(null, { [words.layer]: tiles }).addTo(map);
    }
  };

  /* The patterns of the drawing, under names of their own. */
  const patterns = () => {
    const source = document.querySelector('.mapsheet defs');
    const target = box.querySelector('.leaflet-overlay-pane svg');
    if (!source || !target) return;
    const copy = source.cloneNode(true);
    copy.querySelectorAll('pattern').forEach((pattern) => {
      pattern.id = pattern.id.replace('sheet-', 'live-');
    });
    target.prepend(copy);
  };

  const paint = (name) => `url(#live-${name})`;

  const lookOf = (feature) => {
    const facts = feature.properties;
    if (facts.finding) return { color: '#a3140d', weight: 3, fillColor: paint(facts.kind), fillOpacity: 1 };
    const row = rows.get(facts.code);
    if (!row) return { color: '#33302b', weight: 4, fill: false, interactive: false };
    const chosen = row.dataset.chosen !== undefined;
    return {
      color: chosen ? '#b5310a' : '#6f675b',
      weight: chosen ? 4 : 2,
      fillColor: paint(chosen ? 'focus' : row.dataset.tint),
      fillOpacity: words.tiles ? 0.75 : 1,
    };
  };

  const light = (code, on) => {
    const row = rows.get(code);
    const layer = layers.get(code);
    if (row) row.classList.toggle('lit', on);
    document.querySelectorAll(`.mapsheet [data-code="${code}"]`).forEach((one) => one.classList.toggle('lit', on));
    if (!layer) return;
    if (on) layer.setStyle({ color: '#b5310a', weight: 6 });
    else layer.setStyle(lookOf(layer.feature));
    if (on) layer.bringToFront();
    marks.forEach((mark) => { if (mark.area) mark.area.bringToFront(); });
  };

  const popup = (row) => {
    const inside = element('div');
    const link = row.querySelector('.name');
    inside.append(element('b', `${row.dataset.number} ${link.textContent}`));
    const more = row.querySelector('.inside');
    const page = element('a', words.page);
    page.href = link.href;
    inside.append(page);
    if (more) {
      const map2 = element('a', words.inside);
      map2.href = more.href;
      inside.append(map2);
    }
    return inside;
  };

  const addGrid = (feature, layer) => {
    const row = rows.get(feature.properties.code);
    if (!row) return;
    const { code } = feature.properties;
    layers.set(code, layer);
    layer.on('mouseover', () => light(code, true));
    layer.on('mouseout', () => light(code, false));
    layer.bindPopup(() => popup(row));
    layer.on('popupopen', () => row.scrollIntoView({ block: 'nearest', behavior: still ? 'auto' : 'smooth' }));
    const label = L.tooltip({ permanent: true, direction: 'center', className: 'on', interactive: false });
    label.setContent(element('span', row.dataset.number));
    layer.bindTooltip(label);
    labels.set(code, { layer, label, row });
    row.addEventListener('mouseenter', () => light(code, true));
    row.addEventListener('mouseleave', () => light(code, false));
    row.addEventListener('focusin', () => { light(code, true); map.panInside(layer.getBounds().getCenter(), { padding: [60, 60] }); });
    row.addEventListener('focusout', () => light(code, false));
  };

  /* The name where there is room for it, otherwise the number that the list has too. */
  const name = () => {
    labels.forEach(({ layer, label, row }) => {
      const bounds = layer.getBounds();
      const wide = map.latLngToContainerPoint(bounds.getNorthEast()).x - map.latLngToContainerPoint(bounds.getSouthWest()).x;
      const text = `${row.dataset.number} ${row.querySelector('.name').textContent}`;
      const room = wide * 0.8 > text.length * 13;
      label.setContent(element('span', room ? text : row.dataset.number));
    });
  };

  const select = (number, on) => {
    const row = notes.get(number);
    const mark = marks.get(number);
    if (row) row.classList.toggle('lit', on);
    if (mark) mark.pin.getElement().firstChild.classList.toggle('lit', on);
  };

  const addFinding = (feature, turn) => {
    const facts = feature.properties;
    const number = String(facts.finding);
    const row = notes.get(number);
    if (!row) return;
    const area = facts.on ? null : L.geoJSON(feature, { style: lookOf }).addTo(map);
    const owner = layers.get(facts.on);
    const at = facts.at ? L.latLng(facts.at[1], facts.at[0]) : owner && owner.getBounds().getCenter();
    if (!at) return;
    const sign = element('span', number, `pin${facts.on ? ' square' : ''}`);
    const size = [32, 32];
    const icon = L.divIcon({ html: sign, className: '', iconSize: size, iconAnchor: [16 - 34 * turn, facts.on ? 44 : 16] });
    const pin = L.marker(at, { icon, keyboard: false, riseOnHover: true }).addTo(map);
    marks.set(number, { pin, area, at });
    pin.on('click', () => { row.scrollIntoView({ block: 'center' }); row.querySelector('a, button')?.focus(); });
    pin.on('mouseover', () => select(number, true));
    pin.on('mouseout', () => select(number, false));
    row.addEventListener('mouseenter', () => select(number, true));
    row.addEventListener('mouseleave', () => select(number, false));
    row.addEventListener('focusin', () => { select(number, true); map.panInside(at, { padding: [60, 60] }); });
    row.addEventListener('focusout', () => select(number, false));
    const jump = row.querySelector('[data-jump]');
    if (jump) {
      jump.hidden = false;
      jump.addEventListener('click', () => {
        if (area) map.fitBounds(area.getBounds().pad(1.5), { maxZoom: 19 });
        else map.setView(at, Math.max(map.getZoom(), 17));
        box.scrollIntoView({ block: 'nearest' });
      });
    }
  };

  const draw = (found) => {
    if (!found.features.length) return;
    open();
    const grids = found.features.filter((one) => one.properties.code);
    const whole = L.geoJSON({ type: 'FeatureCollection', features: grids }, { style: lookOf, onEachFeature: addGrid });
    map.fitBounds(whole.getBounds().pad(0.04));
    whole.addTo(map);
    /* Outlines of the whole above the fills of its parts. */
    whole.eachLayer((layer) => { if (!rows.has(layer.feature.properties.code)) layer.bringToFront(); });
    patterns();
    const turns = new Map();
    found.features.filter((one) => one.properties.finding).forEach((one) => {
      const { on } = one.properties;
      const turn = turns.get(on) || 0;
      if (on) turns.set(on, turn + 1);
      addFinding(one, on ? turn : 0);
    });
    name();
    map.on('zoomend', name);
    box.dataset.ready = '1';
  };

  fetch(words.map, { credentials: 'same-origin', headers: { Accept: 'application/geo+json' } })
    .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); })
    .then(draw)
    .catch(() => { box.hidden = true; box.parentNode.classList.remove('live'); });
})();
