import type { IContext } from '../context/IContext';
import type { IClosable } from './IClosable';

/** A closer of components. It skips components without `close`. */
export class Closer {
    public static async closeOne(context: IContext | null, component: unknown): Promise<void> {
        const target = component as Partial<IClosable>;
        if (typeof target.close === 'function') await target.close(context);
    }

    /** Closes one component after the other. The first failure leaves the rest open. */
    public static async close(context: IContext | null, components: unknown[]): Promise<void> {
        for (const component of components) await Closer.closeOne(context, component);
    }
}
