import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import 'katex/dist/katex.min.css';
// After the default theme, whose variables it changes.
import './style.css';

const theme: Theme = DefaultTheme;

export default theme;
