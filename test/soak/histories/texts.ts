import type { Value } from './RegisterHistory';

const LARGE_BYTES = 70_000;

/**
 * Returns a text that contains its value, with a length that depends on `dice` from 0 to 1.
 * Some texts are so long that the client treats them as large and opens more connections.
 */
export function textOf(value: number, dice: number): string {
    return `${value} ${'x'.repeat(dice < 0.03 ? LARGE_BYTES : dice * 300)}`;
}

export function valueOf(text: string | null | undefined): Value {
    return text === null || text === undefined ? null : Number.parseInt(text, 10);
}
