/** Governs the HTTP server that comes with the JDK. */
package io.sergo.http;
