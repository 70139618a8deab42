import { invalidTimeout } from './errors';

/** How long a value lives, in ms. Absent, 0 or negative: `options.timeout`. */
export type TimeoutMs = number | null | undefined;

/** @throws BadRequestException INVALID_TTL when a timeout is given that is not a number */
export function checkTimeout(timeout: unknown): void {
    if (timeout === null || timeout === undefined) return;
    if (typeof timeout !== 'number' || Number.isNaN(timeout)) throw invalidTimeout(timeout);
}
