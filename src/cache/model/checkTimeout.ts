import { invalidTimeout } from './errors';

/** @throws BadRequestException INVALID_TTL when it is given, and no number of ms */
export function checkTimeout(timeout: unknown): void {
    if (timeout === null || timeout === undefined) return;
    if (typeof timeout !== 'number' || Number.isNaN(timeout)) throw invalidTimeout(timeout);
}
