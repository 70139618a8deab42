import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/root';

/** Code block that the documentation shows. */
export interface CodeBlock {
    /** Path relative to the repository. */
    readonly file: string;
    /** Line number of the first line of code, from 1. */
    readonly line: number;
    /** Info string of the fence; `ts` for examples in doc comments. */
    readonly kind: string;
    readonly code: string;
}

/** Lists tracked and untracked files, without ignored files. */
export function listFiles(pattern: RegExp): string[] {
    const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
    const files = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0');
    return files.filter(file => pattern.test(file)).sort();
}

export function read(file: string): string {
    return readFileSync(join(root, file), 'utf8');
}

/** Returns the fenced blocks of a Markdown text. In lists, fences have an indent. */
export function fencedBlocks(file: string, text: string): CodeBlock[] {
    const blocks: CodeBlock[] = [];
    let open: { indent: string; fence: string; kind: string; line: number; lines: string[] } | null = null;
    text.split('\n').forEach((line, i) => {
        const [, indent = '', fence = '', kind = ''] = /^(\s*)(`{3,}|~{3,})\s*(.*?)\s*$/.exec(line) ?? [];
        if (open === null) {
            if (fence !== '') open = { indent, fence, kind, line: i + 2, lines: [] };
            return;
        }
        if (fence.startsWith(open.fence) && kind === '') {
            blocks.push({ file, line: open.line, kind: open.kind, code: open.lines.join('\n') });
            open = null;
        } else {
            open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart());
        }
    });
    if (open !== null) throw new Error(`${file}:${(open as { line: number }).line} unterminated code block`);
    return blocks;
}

/** Returns the examples in doc comments. An `@example` ends at the next tag or with the comment. */
export function exampleBlocks(file: string, source: string): CodeBlock[] {
    const blocks: CodeBlock[] = [];
    for (const comment of source.matchAll(/\/\*\*[^]*?\*\//g)) {
        const start = source.slice(0, comment.index).split('\n').length;
        const lines = comment[0].split('\n').map(line => line.replace(/^\s*\*(?: |\/?$)/, ''));
        for (let i = 0; i < lines.length; i++) {
            if (!lines[i]!.startsWith('@example')) continue;
            const ends = lines.findIndex((line, j) => j > i && /^@[a-z]+/i.test(line));
            const code = lines.slice(i + 1, ends < 0 ? lines.length : ends);
            blocks.push({ file, line: start + i + 1, kind: 'ts', code: code.join('\n') });
        }
    }
    return blocks;
}

export function allBlocks(): CodeBlock[] {
    return [
        ...listFiles(/\.md$/).flatMap(file => fencedBlocks(file, read(file))),
        ...listFiles(/^(src|packages\/[^/]+\/src)\/.*\.ts$/).flatMap(file => exampleBlocks(file, read(file))),
    ];
}

/**
 * Returns the file that a program names in its first line, null without one. Such a program needs
 * other packages or files. `npm run test:ecosystem` writes it to that file.
 */
export function fileOf({ code }: CodeBlock): string | null {
    return /^\/\/ (\S+\.mjs)\n/.exec(code)?.[1] ?? null;
}

/** Replaces code by spaces, because brackets in code are not links. Line numbers stay the same. */
export function withoutCode(text: string): string {
    const blank = (code: string): string => code.replace(/[^\n]/g, ' ');
    return text.replace(/^(\s*)(`{3,})[^]*?^\s*\2\s*$/gm, blank).replace(/(`+)[^`\n][^\n]*?\1/g, blank);
}
