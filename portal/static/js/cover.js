/* Covers parts of photos before they are sent: what was dragged over becomes a few squares of one
   colour, and the picture drawn here takes the place of the file in the form. The portal never gets
   the one that was chosen. Without this script parts are covered on the server afterwards. */
(() => {
  'use strict';
  const box = document.getElementById('cover');
  const list = document.getElementById('cover-list');
  const input = box && document.getElementById(box.dataset.files);
  if (!input || !list || !box.showModal || !window.createImageBitmap || !window.DataTransfer) return;
  const LONGEST = 1600; // pixels of a side; the portal keeps less
  const SQUARES = 6; // across the shorter side of a part, as on the server
  const FEWEST = 24; // of a whole side at most, so that small parts lose as much
  const STEP = 0.02;
  const view = box.querySelector('canvas');
  const told = box.querySelector('[role=status]');
  const work = document.createElement('canvas');
  const drawing = work.getContext('2d', { willReadFrequently: true });
  let chosen = []; // files as they will be sent
  let counts = []; // how many parts of each are covered
  let at = -1;
  let undo = [];
  let frame = null;
  let start = null;

  /* The chosen photos -------------------------------------------------------------------------- */

  const fitted = (bitmap, longest) => {
    const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    return [Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale))];
  };

  const small = async (file) => {
    const bitmap = await createImageBitmap(file);
    const made = document.createElement('canvas');
    [made.width, made.height] = fitted(bitmap, 160);
    made.getContext('2d').drawImage(bitmap, 0, 0, made.width, made.height);
    return made;
  };

  const line = async (file, number) => {
    const item = document.createElement('div');
    item.setAttribute('role', 'listitem');
    const name = document.createElement('span');
    name.textContent = file.name;
    try {
      const shown = await small(file);
      shown.setAttribute('aria-hidden', 'true');
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'btn btn-sm';
      button.textContent = list.dataset.cover;
      button.setAttribute('aria-label', `${list.dataset.cover}: ${file.name}`);
      button.addEventListener('click', () => open(number));
      item.append(shown, name, button);
      if (counts[number]) {
        const said = document.createElement('span');
        said.className = 'mute';
        said.textContent = list.dataset.done.replace('#', counts[number]);
        item.append(said);
      }
    } catch {
      const said = document.createElement('span');
      said.className = 'err';
      said.textContent = list.dataset.bad;
      item.append(name, said);
    }
    return item;
  };

  const show = async () => {
    const files = chosen;
    const lines = await Promise.all(files.map(line));
    if (files !== chosen) return; // others were chosen meanwhile
    list.replaceChildren(...lines);
    list.hidden = !lines.length;
  };

  /* The photo that is being covered ------------------------------------------------------------ */

  const draw = () => {
    const context = view.getContext('2d');
    context.drawImage(work, 0, 0);
    if (!frame) return;
    const thick = Math.max(2, work.width / 200);
    context.lineWidth = thick * 2;
    context.strokeStyle = '#fff';
    context.strokeRect(frame.x, frame.y, frame.w, frame.h);
    context.lineWidth = thick;
    context.strokeStyle = '#000';
    context.strokeRect(frame.x, frame.y, frame.w, frame.h);
  };

  const say = () => {
    told.textContent = undo.length ? told.dataset.some.replace('#', undo.length) : told.dataset.none;
  };

  const within = (low, value, high) => Math.min(Math.max(value, low), high);

  const middle = () => {
    const side = Math.min(work.width, work.height) / 4;
    frame = { x: (work.width - side) / 2, y: (work.height - side) / 2, w: side, h: side };
  };

  const open = async (number) => {
    const bitmap = await createImageBitmap(chosen[number]);
    [work.width, work.height] = fitted(bitmap, LONGEST);
    drawing.fillStyle = '#fff';
    drawing.fillRect(0, 0, work.width, work.height);
    drawing.drawImage(bitmap, 0, 0, work.width, work.height);
    [view.width, view.height] = [work.width, work.height];
    at = number;
    undo = [];
    middle();
    draw();
    say();
    box.showModal();
    view.focus();
  };

  /* Squares of the mean colour of what was there. */
  const cover = () => {
    const x = Math.floor(within(0, frame.x, work.width - 1));
    const y = Math.floor(within(0, frame.y, work.height - 1));
    const w = Math.ceil(within(1, frame.w, work.width - x));
    const h = Math.ceil(within(1, frame.h, work.height - y));
    const before = drawing.getImageData(x, y, w, h);
    undo.push({ before, x, y });
    const square = Math.max(Math.min(w, h) / SQUARES, Math.max(work.width, work.height) / FEWEST);
    const across = Math.max(1, Math.round(w / square));
    const down = Math.max(1, Math.round(h / square));
    for (let row = 0; row < down; row += 1) {
      for (let column = 0; column < across; column += 1) {
        const left = Math.floor((w * column) / across);
        const right = Math.floor((w * (column + 1)) / across);
        const top = Math.floor((h * row) / down);
        const bottom = Math.floor((h * (row + 1)) / down);
        const sums = [0, 0, 0];
        let number = 0;
        for (let i = top; i < bottom; i += 1) {
          for (let j = left; j < right; j += 1) {
            const place = (i * w + j) * 4;
            sums.forEach((_, colour) => { sums[colour] += before.data[place + colour]; });
            number += 1;
          }
        }
        const [red, green, blue] = sums.map((sum) => Math.round(sum / Math.max(1, number)));
        drawing.fillStyle = `rgb(${red},${green},${blue})`;
        drawing.fillRect(x + left, y + top, right - left, bottom - top);
      }
    }
    draw();
    say();
  };

  const back = () => {
    const last = undo.pop();
    if (last) drawing.putImageData(last.before, last.x, last.y);
    draw();
    say();
  };

  const done = () => {
    if (!undo.length) {
      box.close();
      return;
    }
    const number = at;
    const parts = undo.length;
    work.toBlob((blob) => {
      const name = `${chosen[number].name.replace(/\.[^.]*$/, '')}.jpg`;
      chosen = chosen.map((file, one) => (
        one === number ? new File([blob], name, { type: 'image/jpeg' }) : file
      ));
      counts[number] = (counts[number] || 0) + parts;
      const files = new DataTransfer();
      chosen.forEach((file) => files.items.add(file));
      input.files = files.files;
      box.close();
      show();
    }, 'image/jpeg', 0.9);
  };

  /* Finger, mouse, keys ------------------------------------------------------------------------ */

  const place = (event) => {
    const seen = view.getBoundingClientRect();
    return {
      x: within(0, ((event.clientX - seen.left) / seen.width) * work.width, work.width),
      y: within(0, ((event.clientY - seen.top) / seen.height) * work.height, work.height),
    };
  };

  view.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    view.setPointerCapture(event.pointerId);
    start = place(event);
  });
  view.addEventListener('pointermove', (event) => {
    if (!start) return;
    const now = place(event);
    frame = {
      x: Math.min(start.x, now.x),
      y: Math.min(start.y, now.y),
      w: Math.abs(now.x - start.x),
      h: Math.abs(now.y - start.y),
    };
    draw();
  });
  view.addEventListener('pointerup', (event) => {
    if (!start) return;
    const now = place(event);
    const tapped = Math.max(Math.abs(now.x - start.x), Math.abs(now.y - start.y)) < Math.max(work.width, work.height) * STEP;
    if (tapped) {
      const side = Math.min(work.width, work.height) / 5;
      frame = { x: now.x - side / 2, y: now.y - side / 2, w: side, h: side };
      frame.x = within(0, frame.x, work.width - side);
      frame.y = within(0, frame.y, work.height - side);
    }
    start = null;
    cover();
  });
  view.addEventListener('pointercancel', () => { start = null; });

  view.addEventListener('keydown', (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = Math.max(work.width, work.height) * STEP;
    if (event.key === 'Enter' || event.key === ' ') cover();
    else if (ways[event.key]) {
      const [x, y] = ways[event.key].map((sign) => sign * step);
      if (event.shiftKey) {
        frame.w = within(step, frame.w + x, work.width - frame.x);
        frame.h = within(step, frame.h + y, work.height - frame.y);
      } else {
        frame.x = within(0, frame.x + x, work.width - frame.w);
        frame.y = within(0, frame.y + y, work.height - frame.h);
      }
      draw();
    } else return;
    event.preventDefault();
  });

  const acts = { cover, undo: back, done, cancel: () => box.close() };
  box.addEventListener('click', (event) => {
    const button = event.target.closest('[data-act]');
    if (button) acts[button.dataset.act]();
  });
  input.addEventListener('change', () => {
    chosen = [...input.files];
    counts = [];
    show();
  });
})();
