import type { IContext } from '../context/IContext';
import type { IOpenable } from './IOpenable';

/** A component without `isOpen` counts as open. One without `open` is skipped. */
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

    /** Opens one after the other. The first failure stops, and open components stay open. */
    public static async open(context: IContext | null, components: unknown[]): Promise<void> {
        for (const component of components) await Opener.openOne(context, component);
    }
}
