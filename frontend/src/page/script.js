// What every page begins with.
const at = id => document.getElementById(id);
const bytes = n => {
  if (n < 1000) return n + " B";
  let unit = 0;
  for (n /= 1000; n >= 999.95 && unit < 3; n /= 1000) unit++;
  return n.toFixed(1) + " " + ["kB", "MB", "GB", "TB"][unit];
};
const many = (n, what) => n.toLocaleString("en") + " " + what + (n === 1 ? "" : "s");
const make = (tag, cls, text) => {
  const element = document.createElement(tag);
  if (cls) element.className = cls;
  if (text !== undefined) element.textContent = text;
  return element;
};
