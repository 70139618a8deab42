/** A value and the time it expires. */
export class CacheEntry {
    private readonly _key: string;
    private _value: unknown;
    private _expiration = 0;

    /** @param timeout in ms from now */
    public constructor(key: string, value: unknown, timeout: number) {
        this._key = key;
        this.setValue(value, timeout);
    }

    public getKey(): string {
        return this._key;
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public getValue(): any {
        return this._value;
    }

    /** Returns the time in ms since 1970. */
    public getExpiration(): number {
        return this._expiration;
    }

    public setValue(value: unknown, timeout: number): void {
        this._value = value;
        this._expiration = Date.now() + timeout;
    }

    public isExpired(): boolean {
        return this._expiration <= Date.now();
    }
}
