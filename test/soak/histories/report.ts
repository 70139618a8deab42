import type { Kind, Violation } from './RegisterHistory';

/** A violation for one of many keys. */
export interface Finding extends Violation {
    readonly key: string;
}

const KINDS: readonly Kind[] = ['undone', 'repeated', 'late', 'vanished', 'invented'];
const MOST_LISTED = 10;

/**
 * Returns the counts by kind. Many reads may find the same undone write, as in `3 undone (1 write),
 * …`.
 */
export function countsOf(findings: readonly Finding[]): string {
    return KINDS.map(kind => {
        const some = findings.filter(finding => finding.kind === kind);
        const writes = firstOfEachWrite(some).length;
        return some.length === 0
            ? `0 ${kind}`
            : `${some.length} ${kind} (${writes} ${writes === 1 ? 'write' : 'writes'})`;
    }).join(', ');
}

/** Returns the first finding of these kinds for each write as text. */
export function listOf(findings: readonly Finding[], ...kinds: Kind[]): string[] {
    return firstOfEachWrite(findings.filter(({ kind }) => kinds.includes(kind)))
        .slice(0, MOST_LISTED)
        .map(
            ({ kind, key, value, after, began, ended }) =>
                `${key}: ${value} ${kind} after ${after} (${began} to ${ended})`,
        );
}

function firstOfEachWrite(findings: readonly Finding[]): Finding[] {
    const first = new Map<string, Finding>();
    for (const finding of findings) {
        const { key, kind, value, after } = finding;
        const write = `${key} ${kind} ${value ?? `over ${after}`}`;
        if (!first.has(write)) first.set(write, finding);
    }
    return [...first.values()];
}

/** Returns counts as text, as in `3 resets, 2 cuts`. */
export function listed(counts: ReadonlyMap<string, number>): string {
    return [...counts].map(([what, count]) => `${count} ${what}`).join(', ') || 'none';
}
