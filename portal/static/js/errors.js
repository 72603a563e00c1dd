/* Shows what the portal refused as the server would have: above the form, and beside each field.
   ``portalErrors(form, words)``: words.look is the heading, words.colon stands behind a label; the
   page has the templates note-late and note-err. */
(() => {
  'use strict';
  const element = (tag, text) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    return made;
  };
  const copy = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

  window.portalErrors = (form, words) => {
    const clear = () => {
      const summary = document.getElementById('errors');
      if (summary) summary.remove();
      form.querySelectorAll('.field.bad').forEach((one) => one.classList.remove('bad'));
      form.querySelectorAll('.field > .err').forEach((one) => one.remove());
      form.querySelectorAll('.is-invalid').forEach((one) => one.classList.remove('is-invalid'));
      form.querySelectorAll('[aria-invalid]').forEach((one) => one.removeAttribute('aria-invalid'));
    };

    const show = (errors) => {
      clear();
      const summary = copy('note-late');
      const list = element('ul');
      summary.id = 'errors';
      summary.tabIndex = -1;
      summary.setAttribute('role', 'alert');
      Object.entries(errors).forEach(([name, sentences]) => {
        const box = document.getElementById(name);
        const item = element('li', box ? '' : sentences.join(' '));
        list.append(item);
        if (!box) return;
        const holder = box.closest('.field');
        const link = element('a', holder.querySelector('label, legend').firstChild.textContent.trim());
        link.href = `#${name}`;
        item.append(link, `${words.colon}${sentences.join(' ')}`);
        const line = copy('note-err');
        line.id = `${name}-err`;
        line.querySelector('span').textContent = sentences.join(' ');
        holder.append(line);
        holder.classList.add('bad');
        box.classList.add('is-invalid');
        box.setAttribute('aria-invalid', 'true');
        const rest = box.closest('details');
        if (rest) rest.open = true;
      });
      summary.querySelector('div').append(element('h2', words.look), list);
      form.before(summary);
      summary.focus();
    };

    return { show, clear };
  };
})();
