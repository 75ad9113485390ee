/** Governs the requests of a servlet container. It brings the {@code jakarta.servlet} classes. */
package io.sergo.servlet;
