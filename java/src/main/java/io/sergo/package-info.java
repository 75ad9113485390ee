/**
 * OpenSergo's traffic governance rules: may a call go on, and where does it go. {@link
 * io.sergo.Engine} is where to begin.
 */
package io.sergo;
