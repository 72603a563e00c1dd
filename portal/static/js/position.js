/* A button with data-position="longitude latitude" fills two fields with where one stands: asked for
   when it is tapped, once, and nowhere kept but in the fields. */
(() => {
  'use strict';
  document.querySelectorAll('[data-position]').forEach((button) => {
    const words = button.dataset;
    const fields = words.position.split(' ').map((name) => document.getElementById(name));
    const told = document.getElementById(words.told);
    if (!navigator.geolocation || !window.isSecureContext || fields.includes(null)) {
      button.closest('.here').hidden = true;
      return;
    }
    const done = (text) => {
      button.removeAttribute('aria-disabled');
      told.textContent = text;
    };
    const found = ({ coords }) => {
      [coords.longitude, coords.latitude].forEach((degrees, at) => {
        fields[at].value = degrees.toFixed(5);
        fields[at].dispatchEvent(new Event('input', { bubbles: true }));
      });
      done(words.found.replace('#', Math.max(1, Math.round(coords.accuracy))));
    };
    button.addEventListener('click', () => {
      if (button.hasAttribute('aria-disabled')) return;
      button.setAttribute('aria-disabled', 'true');
      told.textContent = words.wait;
      const options = { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 };
      const failed = (error) => done(error.code === error.PERMISSION_DENIED ? words.denied : words.none);
      navigator.geolocation.getCurrentPosition(found, failed, options);
    });
  });
})();
