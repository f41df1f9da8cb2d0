// All heads at once: one small canvas a head, one pixel a cell, scaled up by the browser. Each is a button, so the
// keyboard reaches it (arrows move, Enter chooses). Text comes in as data and goes out as textContent only.

const colours = (host, name) =>
  getComputedStyle(host).getPropertyValue(name).split(",").map((hex) => hex.trim())
    .map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));

// 256 colours between the stops of a scale.
const palette = (stops) => Array.from({ length: 256 }, (_, step) => {
  const at = (step / 255) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
  return stops[low].map((part, i) => part + (at - low) * (stops[low + 1][i] - part));
});

const draw = (canvas, bytes, size, scale) => {
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d"), image = context.createImageData(size, size);
  for (let cell = 0; cell < size * size; cell++) {
    image.data.set([...scale[bytes.charCodeAt(cell)], 255], 4 * cell);
  }
  context.putImageData(image, 0, 0);
};

const tile = () => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(document.createElement("canvas"), document.createElement("span"));
  return button;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.host ?? parentElement, grid = parentElement.querySelector(".heads");
  const scale = palette(colours(host, data.signed ? "--st-chart-diverging-colors" : "--st-chart-sequential-colors"));
  grid.style.setProperty("--columns", data.columns);
  grid.style.setProperty("--widest", data.columns > 3 ? "56px" : "1fr");  // many layers still fit a screen
  grid.setAttribute("aria-label", data.label);
  while (grid.children.length > data.tiles.length) grid.lastChild.remove();
  while (grid.children.length < data.tiles.length) grid.append(tile());
  const buttons = [...grid.children];
  data.tiles.forEach(({ name, hint, cells, chosen }, at) => {
    const button = buttons[at];
    draw(button.firstChild, atob(cells), data.size, scale);
    button.lastChild.textContent = name;
    button.title = hint;
    button.setAttribute("aria-label", hint);
    button.setAttribute("aria-pressed", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    button.onclick = () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      setTriggerValue("picked", data.tiles[at].id);
    };
  });
  if (!data.tiles.some(({ chosen }) => chosen) && buttons[0]) buttons[0].tabIndex = 0;
  grid.onkeydown = (event) => {
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.columns, ArrowDown: data.columns };
    const to = buttons[buttons.indexOf(event.target) + moves[event.key]];
    if (to) {
      event.preventDefault();
      buttons.forEach((button) => (button.tabIndex = button === to ? 0 : -1));
      to.focus();
    }
  };
}
