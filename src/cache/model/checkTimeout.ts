import { invalidTimeout } from '../../client/model/errors';

/** The lifetime of a value, in ms. Absent, 0 or negative: `options.timeout`. */
export type TimeoutMs = number | null | undefined;

/** Throws BadRequestException INVALID_TTL if the timeout is present and not a number. */
export function checkTimeout(timeout: unknown): void {
    if (timeout === null || timeout === undefined) return;
    if (typeof timeout !== 'number' || Number.isNaN(timeout)) throw invalidTimeout(timeout);
}
