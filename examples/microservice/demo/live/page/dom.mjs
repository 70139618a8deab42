/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Returns the element with this id. The page has it. */
export const byId = id => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Makes an element from text only, so that the browser never reads data as HTML.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]>} [properties]
 * @param {(Node | string)[]} children
 */
export function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
}

/**
 * Makes an element of a drawing.
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
export function drawing(tag, attributes, text = '') {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, `${value}`);
    made.textContent = text;
    return made;
}

/**
 * Makes a table.
 * @param {string[]} titles
 * @param {Node[]} rows
 */
export function table(titles, rows) {
    const heads = titles.map(title => element('th', { scope: 'col' }, title));
    return element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows));
}
