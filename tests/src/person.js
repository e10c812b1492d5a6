// What a person sees and can use in the window: things by their names, as a screen reader has them.
// Runs before every question of `person.rs`, in the page.
const plain = (text) => (text ?? "").replace(/\s+/g, " ").trim();

const nameOf = (element) => {
  const ids = element.getAttribute("aria-labelledby");
  if (ids) return plain(ids.split(" ").map((id) => document.getElementById(id)?.textContent).join(" "));
  const label = element.getAttribute("aria-label");
  if (label) return plain(label);
  if (element.labels?.length > 0) return plain([...element.labels].map((one) => one.textContent).join(" "));
  return plain(element.textContent) || plain(element.title);
};

const isShown = (element) =>
  element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0 && !element.closest("[aria-hidden=true]");
const isUsable = (element) => !element.matches(":disabled") && element.getAttribute("aria-busy") !== "true";

// An open dialog is all that can be reached.
const reachable = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;

const kinds = {
  pressable: "button, a[href], summary, [role=button], [role=menuitem], [role=option], [role=switch], [type=radio], [type=checkbox]",
  field: "input:not([type=radio], [type=checkbox]), textarea, select",
  any: "button, a[href], summary, [tabindex], input, textarea, select",
};

// The thing with this name, else the first whose name begins so.
const find = (kind, name, within) => {
  const scope = within ? reachable().querySelector(within) : reachable();
  const all = scope ? [...scope.querySelectorAll(kinds[kind])].filter((one) => isShown(one) && isUsable(one)) : [];
  return all.find((one) => nameOf(one) === name) ?? all.find((one) => nameOf(one).startsWith(name)) ?? null;
};

// What stands wider than its place: the page itself, or anything in it that would have to be scrolled sideways.
const overflow = () => {
  // Lines to paste keep their breaks; only their box scrolls, by the keys as well.
  const wide = (element) => element.scrollWidth > element.clientWidth + 1;
  const scrolls = (element) => element.tagName !== "PRE" && ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
  const told = (element) =>
    `${element.tagName.toLowerCase()}.${element.className} ${element.scrollWidth} in ${element.clientWidth}: ${nameOf(element).slice(0, 60)}`;
  const found = [...document.querySelectorAll("body *")].filter((one) => isShown(one) && scrolls(one) && wide(one)).map(told);
  const root = document.documentElement;
  if (wide(root)) found.push(`the page: ${root.scrollWidth} in ${root.clientWidth}`);
  const out = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
  };
  // What can be scrolled to is told above, if it must be; a text that ends in an ellipsis is whole elsewhere.
  const excused = (element) => {
    for (let up = element.parentElement; up !== document.body; up = up.parentElement) {
      const { overflowX, textOverflow } = getComputedStyle(up);
      if (["auto", "scroll"].includes(overflowX) || textOverflow === "ellipsis" || up.classList.contains("sr")) return true;
    }
    return element.classList.contains("sr");
  };
  // What scrolls cuts its content where it ends, so that its end has to be in the window.
  const matters = (element) => element.matches("button, a, input, select, h1, h2, h3, p, td") || scrolls(element);
  for (const element of document.querySelectorAll("body *"))
    if (isShown(element) && matters(element) && out(element) && !excused(element)) found.push(`outside the window: ${told(element)}`);
  return found;
};
