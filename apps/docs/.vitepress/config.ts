import { existsSync, readFileSync } from 'node:fs';
import { katex } from '@mdit/plugin-katex';
import { type DefaultTheme, defineConfig, type UserConfig } from 'vitepress';
import { anchorEquation, linkCitations, placesOn } from './equations.ts';

const file = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Written by typedoc before this is read. */
const sidebarFile = new URL('../api/typedoc-sidebar.json', import.meta.url);
if (!existsSync(sidebarFile)) throw new Error('there are no API pages yet: run typedoc first');
const api = JSON.parse(readFileSync(sidebarFile, 'utf8')) as DefaultTheme.SidebarItem[];

const guide: DefaultTheme.SidebarItem[] = [
  {
    text: 'Guide',
    items: [
      { text: 'Figure 1', link: '/guide/figure1' },
      { text: 'Training in function space', link: '/guide/dynamics' },
      { text: 'When to trust the SNTK', link: '/guide/ladder' },
      { text: 'The noise of epochs', link: '/guide/epochs' },
      { text: 'The library', link: '/guide/library' },
      { text: 'Stochastic equations', link: '/guide/sde' },
      { text: 'Theorems, measured', link: '/guide/theorems' },
      { text: 'Speed', link: '/guide/benchmarks' },
    ],
  },
  { text: 'Theory', items: [{ text: 'Notation and equations', link: '/theory' }] },
  { text: 'Reference', items: [{ text: 'API', link: '/api/' }] },
];

const config: UserConfig<DefaultTheme.Config> = defineConfig({
  title: 'SNTK',
  description: 'Wide neural networks under SGD: finite networks, tangent kernels, and the noise of SGD.',
  srcExclude: ['README.md'],
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }]],
  markdown: {
    config(md) {
      // The plugin was typed against another release of markdown-it than VitePress was.
      katex(md as unknown as Parameters<typeof katex>[0], {
        delimiters: 'dollars',
        throwOnError: true,
        strict: 'error',
        transformer: anchorEquation,
      });
      linkCitations(md, placesOn(file('../theory.md')));
    },
  },
  themeConfig: {
    logo: '/favicon.svg',
    nav: [
      { text: 'Guide', link: '/guide/figure1', activeMatch: '/guide/' },
      { text: 'Theory', link: '/theory' },
      { text: 'API', link: '/api/', activeMatch: '/api/' },
    ],
    sidebar: { '/api/': [{ text: 'Packages', items: api }], '/': guide },
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    footer: { message: 'MIT license' },
  },
});

export default config;
