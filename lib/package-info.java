//SOURCES HttpProxy.java Pace.java Reason.java SseClient.java SseEvent.java SseException.java SseParser.java
//SOURCES SseRequest.java StateFile.java Tls.java UdpBroadcaster.java UdpDelivery.java UdpRoute.java UdpRoutes.java
//SOURCES UdpSchedule.java UdpSource.java UdpTarget.java

/**
 * Server-Sent Events in, datagrams out. A script that names this file in {@code //DEPS} gets the subscription and the
 * broadcaster, which need nothing but the JDK; JBang compiles them once, not with each change to the script.
 */
package lib;
