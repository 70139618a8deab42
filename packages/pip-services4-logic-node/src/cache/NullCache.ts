import type { IContext } from 'pip-services4-components-node';
import type { ICache } from './ICache';

/** A cache that keeps nothing. */
export class NullCache implements ICache {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public retrieve(_context: IContext | null, _key: string): Promise<any> {
        return Promise.resolve(null);
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public store(_context: IContext | null, _key: string, value: any, _timeout: number): Promise<any> {
        return Promise.resolve(value);
    }

    public remove(_context: IContext | null, _key: string): Promise<void> {
        return Promise.resolve();
    }
}
