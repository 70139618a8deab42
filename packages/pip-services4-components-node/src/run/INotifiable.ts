import type { IContext } from '../context/IContext';

export interface INotifiable {
    notify(context: IContext | null, args: unknown): void;
}
