// Clean: the standalone composes modules.
import { hello } from '@support101/post/app.module';

export const services = [hello];
