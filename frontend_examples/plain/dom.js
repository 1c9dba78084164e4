/**
 * Four small helpers over the DOM. Text only ever becomes a text node, so nothing that a
 * person typed can turn into markup.
 */

/**
 * The element with this id; its absence is a mistake in the page, not a case to handle.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}`);
  return /** @type {T} */ (element);
}

/**
 * Make an element: `h('button', {type: 'button', onClick: save}, 'Save')`.
 * A function is a listener, `true` an empty attribute, `false` and null no attribute.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2).toLowerCase(), value);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function setAttribute(element, name, value) {
  if (value === false || value == null) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/**
 * Make the children of `parent` show `items`. An item that stays keeps its element, and so
 * its focus and its place in a screen reader.
 *
 * @template Item
 * @param {HTMLElement} parent
 * @param {Iterable<Item>} items
 * @param {object} how
 * @param {(item: Item) => string} how.key
 * @param {(item: Item) => HTMLElement} how.create
 * @param {(element: HTMLElement, item: Item) => void} [how.update]
 */
export function renderList(parent, items, { key, create, update = () => {} }) {
  const wanted = new Map([...items].map((item) => [key(item), item]));
  const present = new Map();
  for (const child of /** @type {HTMLElement[]} */ ([...parent.children])) {
    if (wanted.has(child.dataset.key ?? '')) present.set(child.dataset.key, child);
    else removeGently(child);
  }
  let next = parent.firstElementChild;
  for (const [name, item] of wanted) {
    const element = present.get(name) ?? create(item);
    element.dataset.key = name;
    update(element, item);
    if (element === next) next = element.nextElementSibling;
    else parent.insertBefore(element, next);
  }
}

/**
 * Remove a row without losing the keyboard's place: the neighbour's button takes the focus.
 *
 * @param {HTMLElement} row
 */
function removeGently(row) {
  const hadFocus = row.contains(document.activeElement);
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (hadFocus) /** @type {HTMLElement | null | undefined} */ (neighbour?.querySelector('button, a'))?.focus();
}
