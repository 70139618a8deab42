import type { IContext } from '../context/IContext';
import type { ICleanable } from './ICleanable';

/** A cleaner of components. It skips components without `clear`. */
export class Cleaner {
    public static async clearOne(context: IContext | null, component: unknown): Promise<void> {
        const target = component as Partial<ICleanable>;
        if (typeof target.clear === 'function') await target.clear(context);
    }

    public static async clear(context: IContext | null, components: unknown[]): Promise<void> {
        for (const component of components) await Cleaner.clearOne(context, component);
    }
}
