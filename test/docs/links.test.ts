import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { root } from '../support/root';
import { listFiles, read, withoutCode } from './markdown';

/** Returns the broken links of a Markdown text, without a check of external links. */
function brokenLinks(file: string, text: string): string[] {
    const bare = withoutCode(text);
    const found = [
        ...[...bare.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)].map(([, target]) => target!),
        ...[...bare.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/gm)].map(([, target]) => target!),
        ...[...bare.matchAll(/<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"]+)"/g)].map(([, target]) => target!),
    ];
    return found.flatMap(target => {
        if (/^[a-z]+:/i.test(target)) return [];
        const [path = '', anchor] = target.split('#');
        const place = normalize(join(dirname(file), decodeURI(path)));
        if (path !== '' && !existsSync(join(root, place))) return [`${file}: ${target}`];
        if (anchor === undefined || !/^$|\.md$/.test(path)) return [];
        return anchorsOf(path === '' ? text : read(place)).has(anchor) ? [] : [`${file}: ${target}`];
    });
}

/** Returns the anchors that GitHub generates for headings. */
function anchorsOf(text: string): Set<string> {
    const anchors = new Set<string>();
    const fenced = text.replace(/^(\s*)(`{3,})[^]*?^\s*\2\s*$/gm, '');
    for (const [, heading] of fenced.matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
        const words = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
        const slug = words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/ /g, '-');
        let anchor = slug;
        for (let i = 1; anchors.has(anchor); i++) anchor = `${slug}-${i}`;
        anchors.add(anchor);
    }
    return anchors;
}

const files = listFiles(/\.md$/);

it.each(files)('finds no broken link in %s', file => {
    expect(brokenLinks(file, read(file))).toEqual([]);
});

it('covers the README', () => {
    expect(files).toEqual(expect.arrayContaining(['README.md', 'docs/locks.md']));
});

it.each([
    ['[a](nowhere.md)', 1],
    ['![a](nowhere.svg)', 1],
    ['[a](README.md#nowhere)', 1],
    ['[a](#nowhere)\n# Somewhere', 1],
    ['[a][b]\n\n[b]: nowhere.md', 1],
    ['<img src="nowhere.svg">', 1],
    ['[a](docs/locks.md "title") [a](README.md) [a](#to-be-here) [a](https://nowhere) [a](src)\n## To be, `here`!', 0],
    ['`[a](nowhere.md)`\n```text\n[a](nowhere.md)\n```', 0],
])('counts the broken links in %j: %d', (text, count) => {
    expect(brokenLinks('test.md', text)).toHaveLength(count);
});
