import 'katex/dist/katex.min.css';
import './style.css';
import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';

const theme: Theme = DefaultTheme;

export default theme;
