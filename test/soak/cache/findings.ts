import type { Chronicle, Finding } from './Chronicle';
import { kindOf } from './keys';

const MOST_STORIES = 5;

/** Returns the number of findings by kind, as in `12 value vanished, 3 load undone`. */
export function countsOf(findings: readonly Finding[]): string {
    const counts = new Map<string, number>();
    for (const { key, kind } of findings) {
        const what = `${kindOf(key)} ${kind}`;
        counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    return [...counts].map(([what, count]) => `${count} ${what}`).join(', ') || 'none';
}

/**
 * Returns the events around the first violations as texts, or []. The client retries a store whose
 * connection breaks. A write of another process may come in between, so `repeated` is not a
 * violation.
 */
export function storiesOf(chronicle: Chronicle, findings: readonly Finding[]): string[] {
    return findings
        .filter(({ kind }) => kind !== 'repeated')
        .sort((a, b) => a.began - b.began)
        .slice(0, MOST_STORIES)
        .map(finding => chronicle.story(finding).join('\n'));
}
