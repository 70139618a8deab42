import { isIP } from 'node:net';

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Returns whether the text is a name that DNS may have, and not an address. */
export function isHostName(text: string): boolean {
    return text.length <= 253 && isIP(text) === 0 && text.split('.').every(label => LABEL.test(label));
}
