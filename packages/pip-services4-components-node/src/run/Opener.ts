import type { IContext } from '../context/IContext';
import type { IOpenable } from './IOpenable';

/** An opener of components. It skips components without `open`. Those without `isOpen` are open. */
export class Opener {
    public static isOpenOne(component: unknown): boolean {
        const target = component as Partial<IOpenable>;
        return typeof target.isOpen === 'function' ? target.isOpen() : true;
    }

    public static isOpen(components: unknown[]): boolean {
        return components.every(component => Opener.isOpenOne(component));
    }

    public static async openOne(context: IContext | null, component: unknown): Promise<void> {
        const target = component as Partial<IOpenable>;
        if (typeof target.open === 'function') await target.open(context);
    }

    /** Opens one component after the other. After a failure, the opened ones stay open. */
    public static async open(context: IContext | null, components: unknown[]): Promise<void> {
        for (const component of components) await Opener.openOne(context, component);
    }
}
