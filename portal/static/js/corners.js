/* Corners of a surface on a Leaflet map: drag, add, delete, snap, undo. Knows nothing of pages.

   parts: the coordinates of a MultiPolygon without the closing point of each ring, [lng, lat].
   options: corner, between (labels with "#"), snapping (() => boolean), changed(live), picked(at),
   told(text), snapped (label with "#"), many (hint). */
(() => {
  'use strict';
  if (!window.L) return;
  const { L } = window;
  const PLACES = 1e7;
  const NEAR = { mouse: 12, touch: 20 };
  const MOST = 260; // corners shown at once
  const ROOM = 56; // pixels an edge needs to show the handle in its middle
  const SIZE = 28; // pixels of a handle, and the least between the middles of two

  const round = (point) => point.map((value) => Math.round(value * PLACES) / PLACES);
  const toLatLng = (point) => L.latLng(point[1], point[0]);
  const fromLatLng = (place) => round([place.lng, place.lat]);

  class Corners {
    constructor(map, options) {
      this.map = map;
      this.options = options;
      this.parts = [];
      this.past = [];
      this.future = [];
      this.targets = []; // { name, rings: [[lng, lat]] }
      this.picked = null;
      this.drawing = null;
      this.touch = window.matchMedia('(pointer: coarse)').matches;
      this.shape = L.polygon([], { color: '#b5310a', weight: 4, fillColor: '#fbd9c2', fillOpacity: 0.55, interactive: false }).addTo(map);
      this.handles = L.layerGroup().addTo(map);
      map.on('moveend zoomend', () => this.show());
      map.on('click', (event) => this.click(event));
    }

    /* The surface as a GeoJSON geometry, or null. */
    geometry() {
      const closed = this.parts.map((rings) => rings.map((ring) => [...ring, ring[0]]));
      if (!closed.length) return null;
      return closed.length === 1 ? { type: 'Polygon', coordinates: closed[0] } : { type: 'MultiPolygon', coordinates: closed };
    }

    load(geometry, remember) {
      if (remember) this.remember();
      const parts = !geometry ? [] : geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
      this.parts = parts.map((rings) => rings.map((ring) => ring.slice(0, -1).map(round)));
      this.pick(null);
      this.show();
    }

    remember() {
      this.past.push(JSON.stringify(this.parts));
      if (this.past.length > 200) this.past.shift();
      this.future = [];
    }

    back() { this.swap(this.past, this.future); }

    forth() { this.swap(this.future, this.past); }

    swap(from, to) {
      if (!from.length) return;
      to.push(JSON.stringify(this.parts));
      this.parts = JSON.parse(from.pop());
      this.pick(null);
      this.show();
      this.map.getContainer().focus({ preventScroll: true });
      this.options.changed(false);
    }

    ring(at) { return this.parts[at[0]][at[1]]; }

    show() {
      this.shape.setLatLngs(this.parts.map((rings) => rings.map((ring) => ring.map(toLatLng))));
      if (this.dragged) return;
      this.handles.clearLayers();
      this.markers = new Map();
      if (this.drawing) { this.showDrawing(); return; }
      const view = this.map.getBounds().pad(0.1);
      const seen = [];
      this.parts.forEach((rings, p) => rings.forEach((ring, r) => ring.forEach((point, n) => {
        if (view.contains(toLatLng(point))) seen.push([p, r, n]);
      })));
      /* Handles never lie on one another: what is too close shows when one zooms in. */
      const first = this.picked ? [this.picked, ...seen] : seen;
      this.taken = [];
      const shown = seen.length > MOST ? [] : first.filter((at) => this.room(this.ring(at)[at[2]]));
      this.options.hint(shown.length < first.length - (this.picked ? 1 : 0) ? this.options.many : '');
      shown.forEach((at) => this.addCorner(at));
      shown.forEach((at) => this.addBetween(at));
    }

    /* Whether a handle has room at a point; then it is taken. */
    room(point) {
      const here = this.map.latLngToContainerPoint(toLatLng(point));
      if (this.taken.some((other) => Math.max(Math.abs(other.x - here.x), Math.abs(other.y - here.y)) < SIZE)) return false;
      this.taken.push(here);
      return true;
    }

    icon(kind) {
      return L.divIcon({ className: `corner ${kind}`, html: '', iconSize: [SIZE, SIZE] });
    }

    handle(point, kind, label) {
      const marker = L.marker(toLatLng(point), { icon: this.icon(kind), draggable: true, keyboard: true, autoPan: true, bubblingMouseEvents: false });
      marker.addTo(this.handles);
      const element = marker.getElement();
      element.setAttribute('aria-label', label);
      return [marker, element];
    }

    addCorner(at) {
      const [p, r, n] = at;
      const label = this.options.corner.replace('#', String(n + 1));
      const [marker, element] = this.handle(this.ring(at)[n], '', label);
      this.markers.set(at.join(), marker);
      if (this.picked && this.picked.join() === at.join()) element.classList.add('picked');
      element.dataset.corner = at.join();
      element.addEventListener('focus', () => this.pick(at));
      element.addEventListener('keydown', (event) => this.key(event, at));
      marker.on('click', () => this.pick(at));
      marker.on('dragstart', () => this.start(at));
      marker.on('drag', (event) => this.drag(marker, p, r, n, event));
      marker.on('dragend', () => this.end(at));
    }

    addBetween(at) {
      const ring = this.ring(at);
      const [p, r, n] = at;
      const next = ring[(n + 1) % ring.length];
      const [from, to] = [ring[n], next].map((point) => this.map.latLngToContainerPoint(toLatLng(point)));
      if (from.distanceTo(to) < ROOM) return;
      const middle = [(ring[n][0] + next[0]) / 2, (ring[n][1] + next[1]) / 2];
      if (!this.room(middle)) return;
      const [marker, element] = this.handle(middle, 'between', this.options.between.replace('#', String(n + 1)));
      const insert = () => {
        this.remember();
        this.ring(at).splice(n + 1, 0, round(middle));
      };
      const added = [p, r, n + 1];
      marker.on('click', () => { insert(); this.end(added); });
      element.addEventListener('keydown', (event) => { if (event.key === 'Enter') { event.preventDefault(); insert(); this.end(added); } });
      marker.on('dragstart', () => { insert(); this.dragged = added; this.pick(added); });
      marker.on('drag', (event) => this.drag(marker, p, r, n + 1, event));
      marker.on('dragend', () => this.end(added));
    }

    start(at) {
      this.remember();
      this.dragged = at;
      this.pick(at);
    }

    drag(marker, p, r, n, event) {
      const free = event.originalEvent && event.originalEvent.altKey;
      const found = free ? null : this.snap(marker.getLatLng());
      const point = found ? found.point : fromLatLng(marker.getLatLng());
      marker.setLatLng(toLatLng(point));
      marker.getElement().classList.toggle('snapped', Boolean(found));
      this.options.hint(found ? this.options.snapped.replace('#', found.name) : '');
      this.parts[p][r][n] = point;
      this.show();
      this.options.changed(true);
    }

    end(at) {
      this.dragged = null;
      this.picked = at;
      this.show();
      this.focus(at);
      this.options.changed(false);
    }

    focus(at) {
      const marker = this.markers.get(at.join());
      if (marker) marker.getElement().focus({ preventScroll: true });
    }

    pick(at) {
      if (this.picked && this.markers) this.markers.get(this.picked.join())?.getElement()?.classList.remove('picked');
      this.picked = at;
      if (at && this.markers) this.markers.get(at.join())?.getElement()?.classList.add('picked');
      this.options.picked(at);
    }

    /* The nearest corner, else the nearest line of a grid around, within reach on the screen. */
    snap(place, reach) {
      if (!reach && !this.options.snapping()) return null;
      const limit = reach || (this.touch ? NEAR.touch : NEAR.mouse);
      const here = this.map.latLngToContainerPoint(place);
      const pixel = (point) => this.map.latLngToContainerPoint(toLatLng(point));
      let corner = null;
      let line = null;
      this.targets.forEach(({ name, rings }) => rings.forEach((ring) => ring.forEach((point, n) => {
        const a = pixel(point);
        const far = a.distanceTo(here);
        if (far <= limit && (!corner || far < corner.far)) corner = { far, point: round(point), name };
        if (!n) return;
        const b = pixel(ring[n - 1]);
        const on = L.LineUtil.closestPointOnSegment(here, a, b);
        const away = on.distanceTo(here);
        if (away <= limit && (!line || away < line.far)) {
          const whole = a.distanceTo(b) || 1;
          const share = a.distanceTo(on) / whole;
          const other = ring[n - 1];
          line = { far: away, name, point: round([point[0] + (other[0] - point[0]) * share, point[1] + (other[1] - point[1]) * share]) };
        }
      })));
      return corner || line;
    }

    /* Move the picked corner by metres. */
    nudge(east, north) {
      const at = this.picked;
      if (!at) return;
      this.remember();
      const ring = this.ring(at);
      const [x, y] = ring[at[2]];
      const metre = 1 / 111319.49;
      ring[at[2]] = round([x + (east * metre) / Math.cos((y * Math.PI) / 180), y + north * metre]);
      this.end(at);
    }

    pull() {
      const at = this.picked;
      if (!at) return;
      const found = this.snap(toLatLng(this.ring(at)[at[2]]), 40);
      if (!found) return;
      this.remember();
      this.ring(at)[at[2]] = found.point;
      this.end(at);
      this.options.hint(this.options.snapped.replace('#', found.name));
    }

    remove() {
      const at = this.picked;
      if (!at) return;
      const ring = this.ring(at);
      if (ring.length <= 3) { this.options.hint(this.options.few); return; }
      this.remember();
      ring.splice(at[2], 1);
      this.end([at[0], at[1], Math.min(at[2], ring.length - 1)]);
    }

    key(event, at) {
      const step = event.shiftKey ? 10 : 1;
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (moves[event.key]) {
        event.preventDefault();
        event.stopPropagation();
        this.picked = at;
        this.nudge(...moves[event.key]);
      } else if (event.key === 'Delete' || event.key === 'Backspace') {
        event.preventDefault();
        this.picked = at;
        this.remove();
      }
    }

    /* Drawing anew: one tap a corner. */
    draw() {
      this.drawing = [];
      this.pick(null);
      this.map.doubleClickZoom.disable();
      this.show();
    }

    click(event) {
      if (!this.drawing) { this.pick(null); return; }
      const found = event.originalEvent.altKey ? null : this.snap(event.latlng);
      const first = this.drawing[0];
      const close = first && this.drawing.length > 2
        && this.map.latLngToContainerPoint(toLatLng(first)).distanceTo(event.containerPoint) < 16;
      if (close) { this.finish(); return; }
      this.drawing.push(found ? found.point : fromLatLng(event.latlng));
      this.show();
    }

    showDrawing() {
      const line = this.drawing.map(toLatLng);
      L.polyline(line, { color: '#b5310a', weight: 4, dashArray: '8 6', interactive: false }).addTo(this.handles);
      this.drawing.forEach((point) => {
        L.marker(toLatLng(point), { icon: this.icon('picked'), interactive: false, keyboard: false }).addTo(this.handles);
      });
    }

    finish() {
      const ring = this.drawing;
      if (!ring) return false;
      if (ring.length < 3) { this.options.hint(this.options.few); return false; }
      this.stop();
      this.remember();
      this.parts = [[ring]];
      this.show();
      this.options.changed(false);
      return true;
    }

    stop() {
      this.drawing = null;
      this.map.doubleClickZoom.enable();
      this.show();
      this.options.drawn();
    }
  }

  window.GridCorners = Corners;
})();
