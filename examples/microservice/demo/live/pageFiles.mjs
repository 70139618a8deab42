import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

const FOLDER = new URL('page/', import.meta.url);
const NAMES = new Set(readdirSync(FOLDER));
/** @type {Record<string, string>} */
const TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
};

/** The policy of the page: it loads nothing from other hosts, and no other page shows it. */
const POLICY =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; frame-ancestors 'none'";

/**
 * Returns the headers and the content of a file of the page, null if there is no such file.
 * @param {string | undefined} path the path of a request
 */
export function readPageFile(path) {
    const name = path === '/' ? 'index.html' : path?.slice(1);
    if (name === undefined || !NAMES.has(name)) return null;
    const headers = {
        'content-type': TYPES[extname(name)],
        'content-security-policy': POLICY,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
    };
    return { headers, content: readFileSync(new URL(name, FOLDER)) };
}
